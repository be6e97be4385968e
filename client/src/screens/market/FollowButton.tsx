import { useFollow } from "@/api/hooks/useFollowed";
import { ApiError } from "@/api/failure";
import type { Followed } from "@/api/marketApi";
import type { SeriesName } from "@/api/predictionsApi";
import { Button } from "@/components/Button";
import { WithTip } from "@/components/Hint";
import { toast } from "@/components/Toasts";

interface FollowButtonProps {
  series: SeriesName;
  following: Followed | undefined;
  /** Whether it is known yet. */
  known: boolean;
}

/** Follow a series, or no longer. */
export function FollowButton({ series: { ticker, interval }, following, known }: FollowButtonProps) {
  const follow = useFollow({ ticker, interval });
  if (following?.by_setting) {
    return (
      <WithTip tip="The setting FOLLOW names it: take it out there, and start the server anew.">
        <button type="button" className="text-left text-[13px] text-muted">
          ✓ Followed by setting
        </button>
      </WithTip>
    );
  }
  const wanted = following === undefined;
  const change = () =>
    follow.mutate(wanted, {
      onSuccess: () =>
        toast(
          wanted
            ? `${ticker} ${interval} is followed: forecast at each new candle.`
            : `${ticker} ${interval} is no longer followed.`,
        ),
      onError: (error) => toast(error instanceof ApiError ? error.message : "That did not work."),
    });
  return (
    <Button
      className="min-w-32"
      busy={follow.isPending}
      disabled={!known}
      aria-pressed={!wanted}
      onClick={change}
    >
      {wanted ? "Follow" : "✓ Following"}
      <span className="sr-only">
        {ticker} {interval}
      </span>
    </Button>
  );
}
