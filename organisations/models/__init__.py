from organisations.models.absence import Absence
from organisations.models.district import District, Sector, Territory
from organisations.models.enterprise import EnforcerProposal, Enterprise, EnterpriseChange
from organisations.models.people import Account, ApiToken, Person, Post
from organisations.models.unit import Unit

__all__ = [
    "Absence",
    "Account",
    "ApiToken",
    "District",
    "EnforcerProposal",
    "Enterprise",
    "EnterpriseChange",
    "Person",
    "Post",
    "Sector",
    "Territory",
    "Unit",
]
