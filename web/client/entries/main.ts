/** On every page: forms that act, fragments, menus, the sign-in dialog. */
import { startFind } from "../parts/find.ts";
import { startForms } from "../parts/forms.ts";
import { startFragments } from "../parts/fragments.ts";
import { startMenus } from "../parts/menus.ts";
import { showKeptToast } from "../parts/toasts.ts";
import { startSignOut } from "../parts/who.ts";

startForms();
startFragments();
startMenus();
showKeptToast();
startSignOut();
startFind();
