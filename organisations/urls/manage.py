"""Units, people, accounts and roles: included by config.manage_urls under the namespace `manage`."""

from django.urls import path

from organisations.views import account_security, accounts, handing, people, units, unmask

urlpatterns = [
    path("units/", units.units, name="units"),
    path("units/new/", units.unit_new, name="unit-new"),
    path("units/<int:pk>/", units.unit_edit, name="unit-edit"),
    path("units/<int:pk>/succeed/", units.unit_succeed, name="unit-succeed"),
    path("territories/", units.territories, name="territories"),
    path("territories/<int:pk>/", units.territory_edit, name="territory-edit"),
    path("sectors/", units.sectors, name="sectors"),
    path("sectors/<int:pk>/", units.sector_edit, name="sector-edit"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person-new"),
    path("people/<int:pk>/", people.person_edit, name="person-edit"),
    path("people/<int:pk>/phone/", unmask.person, name="person-phone"),
    path("people/<int:pk>/posts/new/", people.post_new, name="post-new"),
    path("posts/<int:pk>/hand-over/", handing.post_hand_over, name="post-hand-over"),
    path("posts/<int:pk>/close/", people.post_close, name="post-close"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/new/", accounts.account_new, name="account-new"),
    path("accounts/<int:pk>/", account_security.account, name="account"),
    path("accounts/<int:pk>/do/<slug:act>/", account_security.account_act, name="account-act"),
    path("accounts/<int:pk>/reset/", accounts.account_reset, name="account-reset"),
    path("accounts/<int:pk>/toggle/", accounts.account_toggle, name="account-toggle"),
    path("roles/", accounts.roles, name="roles"),
]
