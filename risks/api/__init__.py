"""Risk points over HTTP: the same services as the pages (P6)."""

from risks.api.points import RiskPointViewSet

__all__ = ["RiskPointViewSet"]
