from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import doctor


class Command(BaseCommand):
    help = "Says whether everything the portal stands on is in order; exit code 1 if something is not."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = doctor.examine()
        for finding in findings:
            mark = self.style.SUCCESS("ok     ") if finding.is_good else self.style.ERROR("TROUBLE")
            self.stdout.write(f"{mark}  {finding.name:<11}{finding.sentence}")
        if trouble := [finding.name for finding in findings if not finding.is_good]:
            raise CommandError(f"Not in order: {', '.join(trouble)}.", returncode=1)
