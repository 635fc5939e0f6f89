from tests.plugins.workspace import media, plain_font, plain_font_folder

__all__ = ["media", "plain_font", "plain_font_folder"]
