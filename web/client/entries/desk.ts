/** The front desk of a centre and the page of one visit. */
import { startCopying, startReveal } from "../parts/case_page.ts";
import { startPrinting, startReceiving } from "../parts/front_desk.ts";

startReceiving();
startPrinting();
startReveal();
startCopying();
