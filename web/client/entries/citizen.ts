/** People without an account: reporting, and following by number and secret code. */
import { startReporting } from "../parts/citizen_report.ts";
import { startTracking } from "../parts/citizen_track.ts";

const report = document.querySelector<HTMLFormElement>("form[data-report]");
if (report) startReporting(report);
const track = document.querySelector<HTMLElement>("[data-track-page]");
if (track) startTracking(track);
