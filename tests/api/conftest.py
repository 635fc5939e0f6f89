from tests.plugins.cloned_database import cloned_db
from tests.plugins.workspace import media, plain_font, plain_font_folder

__all__ = ["cloned_db", "media", "plain_font", "plain_font_folder"]
