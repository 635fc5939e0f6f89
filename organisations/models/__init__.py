from organisations.models.district import District, Sector, Territory
from organisations.models.enterprise import EnforcerProposal, Enterprise, EnterpriseChange
from organisations.models.people import Account, ApiToken, Person, Post
from organisations.models.sent import SentRequest
from organisations.models.unit import Unit

__all__ = [
    "Account",
    "ApiToken",
    "District",
    "EnforcerProposal",
    "Enterprise",
    "EnterpriseChange",
    "Person",
    "Post",
    "Sector",
    "SentRequest",
    "Territory",
    "Unit",
]
