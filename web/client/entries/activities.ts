/** The activity log: its filter and its forms. */
import { startFields } from "../parts/fields.ts";

startFields(document);
