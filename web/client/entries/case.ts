/** The page of one case. */
import { startActions } from "../parts/actions.ts";

startActions();
