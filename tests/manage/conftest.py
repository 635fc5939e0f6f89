from tests.plugins.anchoring import anchor_dir
from tests.plugins.workspace import media, plain_font, plain_font_folder

__all__ = ["anchor_dir", "media", "plain_font", "plain_font_folder"]
