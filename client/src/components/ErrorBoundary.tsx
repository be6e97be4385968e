import { Component, type ReactNode } from "react";

import { ErrorState } from "./States";

interface Props {
  /** A change of this shows the children again. */
  resetKey: string;
  children: ReactNode;
}

/** A screen that fails does not take the navigation with it. */
export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.resetKey !== this.props.resetKey) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorState error={this.state.error} onRetry={() => location.reload()} />;
  }
}
