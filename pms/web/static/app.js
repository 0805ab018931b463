// The entry of every page behind the door. Each module looks for the marks it serves and does nothing without them.
import { startActions } from "./js/actions.js";
import { startAges } from "./js/ages.js";
import { startAlarm } from "./js/alarm.js";
import { startBoard } from "./js/board.js";
import { startDialogs } from "./js/dialogs.js";
import { startFinder } from "./js/finder.js";
import { startFragments } from "./js/fragments.js";
import { startJobs } from "./js/jobs.js";
import { startKeys } from "./js/keys.js";
import { startLive } from "./js/live.js";
import { startMenus } from "./js/menus.js";
import { startPrint } from "./js/print.js";

startMenus();
startDialogs();
startActions();
startAges();
startFragments();
startBoard();
startAlarm();
startFinder();
startKeys();
startJobs();
startLive();
startPrint();
