from sites.services.finding import MOST_HITS, find_accounts, row, sites_for_wizard

__all__ = ["MOST_HITS", "find_accounts", "row", "sites_for_wizard"]
