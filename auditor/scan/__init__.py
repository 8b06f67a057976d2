"""The one orchestrator: plan, ask, append, measure, judge."""
