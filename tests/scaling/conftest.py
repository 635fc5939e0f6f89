from tests.plugins.cloned_database import cloned_db
from tests.plugins.workspace import plain_font_folder

__all__ = ["cloned_db", "plain_font_folder"]
