import type { Scores } from "@/api/report";
import { NOTHING, signedPercent } from "@/format/numbers";
import { verdictOf } from "@/screens/result/verdict";

const SIGNS = {
  better: { sign: "▲", word: "better", look: "text-good" },
  worse: { sign: "▼", word: "worse", look: "text-bad" },
  same: { sign: "≈", word: "may be luck", look: "text-muted" },
  unknown: { sign: "?", word: "not tested", look: "text-muted" },
};

/** A skill against naive, and whether it is more than luck: by a word as well as by colour. */
export function Outcome({ scores }: { scores: Pick<Scores, "skill" | "dm_p_value"> | undefined }) {
  if (scores?.skill == null) return <>{NOTHING}</>;
  const { outcome, sentence } = verdictOf(scores);
  const { sign, word, look } = SIGNS[outcome];
  return (
    <span className="inline-flex flex-col items-start lg:items-end" title={sentence}>
      <span className="font-semibold">{signedPercent(scores.skill)}</span>
      <span className={`text-xs ${look}`}>
        <span aria-hidden>{sign} </span>
        {word}
      </span>
    </span>
  );
}
