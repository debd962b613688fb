from portfolio.models.accounts import Account, AccountHistory, Contact
from portfolio.models.catalogue import CatalogueEdit, Feature, Plan, PlanLimit, Product, ProductEvent
from portfolio.models.exchanges import Interaction, Survey, Ticket
from portfolio.models.imports import Export, Import, ImportFile, PreviousRow, PreviousUsage, RejectedRow
from portfolio.models.planning import (
    AccountGoal,
    AccountPlan,
    Act,
    IntentSignal,
    Milestone,
    Opportunity,
    OpportunityStage,
    PlanRate,
    Target,
    ValueMilestone,
    WhitespaceCell,
)
from portfolio.models.revenue import Invoice, Subscription
from portfolio.models.usage import Usage, UsageChange, UsageMonth

__all__ = [
    "Account",
    "AccountGoal",
    "AccountHistory",
    "AccountPlan",
    "Act",
    "CatalogueEdit",
    "Contact",
    "Export",
    "Feature",
    "Import",
    "ImportFile",
    "IntentSignal",
    "Interaction",
    "Invoice",
    "Milestone",
    "Opportunity",
    "OpportunityStage",
    "Plan",
    "PlanLimit",
    "PlanRate",
    "PreviousRow",
    "PreviousUsage",
    "Product",
    "ProductEvent",
    "RejectedRow",
    "Subscription",
    "Survey",
    "Target",
    "Ticket",
    "Usage",
    "UsageChange",
    "UsageMonth",
    "ValueMilestone",
    "WhitespaceCell",
]
