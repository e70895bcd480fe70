"""From a problem to a plan, objective by objective; and a repair of a plan in hand."""
