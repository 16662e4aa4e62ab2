/** On every page: forms that act, fragments, menus, the sign-in dialog. */
import { startForms } from "../parts/forms.ts";
import { startFragments } from "../parts/fragments.ts";
import { startMenus } from "../parts/menus.ts";
import { showKeptToast } from "../parts/toasts.ts";

startForms();
startFragments();
startMenus();
showKeptToast();
