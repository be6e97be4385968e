export { SystemScreen as default } from "./SystemScreen";
