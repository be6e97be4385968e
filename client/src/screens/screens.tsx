import { type ComponentType, lazy } from "react";

import type { IconName } from "@/layout/Icon";

export interface Screen {
  /** The first part of its address; everything below it belongs to the screen. */
  path: string;
  /** Its name in the navigation; null for a screen that others lead to. */
  nav: string | null;
  icon: IconName;
  component: ComponentType;
}

// Each comes as a file of its own, when it is first opened.
export const SCREENS: readonly Screen[] = [
  { path: "/train", nav: "Train", icon: "train", component: lazy(() => import("./train")) },
  { path: "/sessions", nav: "Sessions", icon: "sessions", component: lazy(() => import("./sessions")) },
  { path: "/models", nav: "Models", icon: "models", component: lazy(() => import("./models")) },
  { path: "/compare", nav: null, icon: "sessions", component: lazy(() => import("./sessions/compare")) },
  { path: "/forecast", nav: "Forecast", icon: "forecast", component: lazy(() => import("./forecast")) },
  { path: "/market", nav: "Market", icon: "market", component: lazy(() => import("./market")) },
  { path: "/system", nav: "System", icon: "system", component: lazy(() => import("./system")) },
];
