/** The phone: reporting, what waits to be sent, tasks; works without network. */
import { startActions } from "../parts/actions.ts";
import { startPending } from "../parts/pending.ts";
import { startReport } from "../parts/report_form.ts";
import { startTasks } from "../parts/task_list.ts";
import { rememberWorker } from "../parts/who.ts";

rememberWorker();
startPending();
startTasks();
startActions();
void startReport();
navigator.serviceWorker?.register("/sw.js", { updateViaCache: "none" }).catch(() => undefined); // tried anew by the next page
void navigator.storage?.persist?.();
