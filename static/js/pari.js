// Small comforts; every page works without them.
import { closeMenusOutside } from "./menus.js";
import { guardForms } from "./forms.js";
import { pairRanges } from "./ranges.js";

closeMenusOutside();
guardForms();
pairRanges();
