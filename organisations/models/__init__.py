from organisations.models.absence import Absence
from organisations.models.district import District, Sector, Territory
from organisations.models.enterprise import EnforcerProposal, Enterprise, EnterpriseChange
from organisations.models.handing import Delegation, PostHandover
from organisations.models.people import Account, ApiToken, Person, Post
from organisations.models.security import KnownDevice, LoginSession, PasswordHistory, RecoveryCode, SecondFactor
from organisations.models.sent import SentRequest
from organisations.models.throttle import ThrottleCount
from organisations.models.unit import Unit

__all__ = [
    "Absence",
    "Account",
    "ApiToken",
    "Delegation",
    "District",
    "EnforcerProposal",
    "Enterprise",
    "EnterpriseChange",
    "KnownDevice",
    "LoginSession",
    "PasswordHistory",
    "Person",
    "Post",
    "PostHandover",
    "RecoveryCode",
    "SecondFactor",
    "Sector",
    "SentRequest",
    "Territory",
    "ThrottleCount",
    "Unit",
]
