/** The page of one case. */
import { startActions } from "../parts/actions.ts";
import { startCopying, startDiagram, startReasons, startReveal } from "../parts/case_page.ts";

startActions();
startReveal();
startReasons();
startDiagram();
startCopying();
