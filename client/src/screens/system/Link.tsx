import { useEffect } from "react";

import { Card } from "@/components/Card";
import { Stat, Stats } from "@/components/Stat";
import { brief } from "@/format/numbers";
import { connection, type Link as LinkState, useLink } from "@/realtime/socket";

const WORDS: Record<LinkState, [word: string, means: string]> = {
  idle: ["Not open", "opened by a page that shows something live"],
  connecting: ["Connecting", "no answer yet"],
  connected: ["Connected", "events arrive as they happen"],
  lost: ["Lost", "tried again every few seconds; what is missed is fetched"],
};
const TRANSPORTS: Readonly<Record<string, string>> = {
  websocket: "by WebSocket",
  polling: "by polling, since something between forbids WebSockets",
};

/** How this browser is connected. */
export function Link({ milliseconds }: { milliseconds: number }) {
  const link = useLink();
  useEffect(() => void connection(), []);
  const [word, means] = WORDS[link];
  const transport = link === "connected" ? connection().io.engine.transport.name : "";
  return (
    <Card title="This browser" hint="How the page you are looking at reaches the server.">
      <Stats>
        <Stat
          label="Live updates"
          value={word}
          beside={[TRANSPORTS[transport], means].filter(Boolean).join("; ")}
        />
        <Stat
          label="Way there and back"
          value={`${brief(milliseconds)} ms`}
          beside="with all checks of this page"
          explained="From asking for the state of all parts to having the answer."
        />
      </Stats>
    </Card>
  );
}
