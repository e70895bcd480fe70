"""The door of the optimizer: what the rest of the project, and anyone else, may use.

`load_problem` or `read_problem` gives a `Problem`; `solve` answers it with a `Plan`; `verify` checks a plan
without trusting `solve`; `check`, `explain` and `diff_plans` say what is wrong with a round, why a plan is
as it is, and what changed between two; `compare_scenarios` asks the same round under several policies; a
`RepairDesk` answers declines of a published plan.
Documents are plain dictionaries, as JSON holds them. All of it is exact in docs/matching.md, and runs without
the service: ``python -m optimizer --help``.
"""

from optimizer.clock import Progress
from optimizer.errors import InvalidFile, NoPlanFound
from optimizer.explaining.changes import Change
from optimizer.explaining.check import CheckReport, CheckWarning, check, check_report_to_document
from optimizer.explaining.comparison import (
    ObjectiveChange,
    PairChange,
    PlanDifference,
    diff_plans,
    difference_to_document,
)
from optimizer.explaining.explain import (
    Alternative,
    Explanation,
    MatchExplanation,
    PairInWaiting,
    UnmetExplanation,
    explain,
    explanation_to_document,
)
from optimizer.explaining.near_rounds import RoundWithPlan
from optimizer.explaining.would_help import ChangeSearch, Effects, HelpfulChange, NeedChanges
from optimizer.files.canonical import canonical_bytes, problem_sha256, problem_to_document
from optimizer.files.plan_files import clash_to_document, load_plan, plan_to_document, read_plan, write_json
from optimizer.files.problem_files import load_problem, read_problem
from optimizer.plan import (
    Assignment,
    Clash,
    ClashLimit,
    Nearest,
    ObjectiveValue,
    OpenQuestion,
    Plan,
    Question,
    RunningSession,
    SolverInfo,
    SupportUse,
    UnmetNeed,
)
from optimizer.problem import (
    Ban,
    Need,
    Offer,
    Pin,
    Place,
    PlanningSeats,
    Policy,
    PreviousSeats,
    Problem,
    Provider,
    Recipient,
    Requirement,
    Score,
    Session,
    Substitution,
    Support,
)
from optimizer.rules.compatibility import Verdict, judge_pair
from optimizer.scenarios.comparing import (
    Dominator,
    RefusedPlan,
    Scenario,
    ScenarioComparison,
    ScenarioValue,
    compare_scenarios,
    make_policies,
)
from optimizer.scenarios.counts import RecipientSeats, ScenarioDifference, SeatsChange
from optimizer.scenarios.files import read_scenarios, scenarios_to_document
from optimizer.solving.repair import Gain, Repair, RepairDesk
from optimizer.solving.solve import solve
from optimizer.verifying.verify import DerivedObjective, Verification, Violation, verify

__all__ = [
    "Alternative",
    "Assignment",
    "Ban",
    "Change",
    "ChangeSearch",
    "CheckReport",
    "CheckWarning",
    "Clash",
    "ClashLimit",
    "DerivedObjective",
    "Dominator",
    "Effects",
    "Explanation",
    "Gain",
    "HelpfulChange",
    "InvalidFile",
    "MatchExplanation",
    "Nearest",
    "Need",
    "NeedChanges",
    "NoPlanFound",
    "ObjectiveChange",
    "ObjectiveValue",
    "Offer",
    "OpenQuestion",
    "PairChange",
    "PairInWaiting",
    "Pin",
    "Place",
    "Plan",
    "PlanDifference",
    "PlanningSeats",
    "Policy",
    "PreviousSeats",
    "Problem",
    "Progress",
    "Provider",
    "Question",
    "Recipient",
    "RecipientSeats",
    "RefusedPlan",
    "Repair",
    "RepairDesk",
    "Requirement",
    "RoundWithPlan",
    "RunningSession",
    "Scenario",
    "ScenarioComparison",
    "ScenarioDifference",
    "ScenarioValue",
    "Score",
    "SeatsChange",
    "Session",
    "SolverInfo",
    "Substitution",
    "Support",
    "SupportUse",
    "UnmetExplanation",
    "UnmetNeed",
    "Verdict",
    "Verification",
    "Violation",
    "canonical_bytes",
    "check",
    "check_report_to_document",
    "clash_to_document",
    "compare_scenarios",
    "diff_plans",
    "difference_to_document",
    "explain",
    "explanation_to_document",
    "judge_pair",
    "load_plan",
    "load_problem",
    "make_policies",
    "plan_to_document",
    "problem_sha256",
    "problem_to_document",
    "read_plan",
    "read_problem",
    "read_scenarios",
    "scenarios_to_document",
    "solve",
    "verify",
    "write_json",
]
