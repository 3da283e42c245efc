from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from portal.admin.base import PortalAdmin, ReadOnlyAdmin, admin_of
from portal.models import Team, User


def roles_within(user: User) -> QuerySet[Group]:
    """The roles that allow nothing which this person may not do: nobody hands out more than they have."""
    if user.is_superuser:
        return Group.objects.all()
    mine = Permission.objects.filter(group__user=user).values("pk")
    beyond = Permission.objects.exclude(pk__in=mine).values("pk")
    return Group.objects.exclude(permissions__in=beyond)


def outranks(other: User, user: User) -> bool:
    """Whether the other person may do things which this one may not; those are not this one's to change."""
    if user.is_superuser:
        return False
    return other.is_superuser or other.groups.exclude(pk__in=roles_within(user).values("pk")).exists()


class TeamsField(forms.ModelMultipleChoiceField):
    def __init__(self) -> None:
        super().__init__(
            Team.objects.all(),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="Sees and shares the work of these teams.",
        )


class PersonForm(UserChangeForm):
    teams = TeamsField()
    editor: User

    class Meta(UserChangeForm.Meta):
        model = User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["teams"] = list(self.instance.teams.all())

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if self.instance.pk == self.editor.pk and not self.editor.is_superuser:
            if cleaned.get("is_active") is False:
                self.add_error("is_active", "You cannot shut yourself out. Another administrator can.")
            roles = cleaned.get("groups")
            if roles is not None and not roles.filter(permissions__codename="use_admin").exists():
                self.add_error("groups", "You cannot take administration away from yourself.")
        return cleaned


class NewPersonForm(BaseUserCreationForm):
    teams = TeamsField()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "groups")


@admin.register(User)
class PersonAdmin(PortalAdmin, UserAdmin):  # type: ignore[type-arg]
    form, add_form = PersonForm, NewPersonForm
    list_display = ("username", "full_name", "email", "roles", "team_names", "is_active", "last_login")
    list_filter = ("is_active", "groups", "teams")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "groups", "teams")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("groups", "teams")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "teams")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and not (obj is not None and outranks(obj, admin_of(request)))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and admin_of(request).is_superuser:
            return (*fieldsets, ("Everything", {"fields": ("is_superuser",)}))
        return fieldsets

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.editor = admin_of(request)
        return form

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            kwargs["queryset"] = roles_within(admin_of(request)).order_by("name")
            kwargs["widget"] = forms.CheckboxSelectMultiple()
            field = db_field.formfield(**kwargs)
            field.label, field.help_text = "Roles", "What this person may do."
            return field
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "teams" in form.cleaned_data:
            form.instance.teams.set(form.cleaned_data["teams"])

    @admin.display(description="name", ordering="last_name")
    def full_name(self, person: User) -> str:
        return person.get_full_name()

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        named = [group.name for group in person.groups.all()]
        return ", ".join(["everything", *named] if person.is_superuser else named)

    @admin.display(description="teams")
    def team_names(self, person: User) -> str:
        return ", ".join(team.name for team in person.teams.all())


@admin.register(Team)
class TeamAdmin(PortalAdmin):
    list_display = ("name", "people")
    search_fields = ("name",)
    filter_horizontal = ("members",)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """An empty team may go; one that has work is kept by the database."""
        return request.user.has_perm("portal.delete_team")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(people_count=Count("members"))

    @admin.display(description="people", ordering="people_count")
    def people(self, team: Any) -> int:
        return team.people_count


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin, GroupAdmin):  # type: ignore[type-arg]
    """Roles are said in `portal.roles` and written by bootstrap; here they can be read."""

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
