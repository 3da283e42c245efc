from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, so that a browser keeps them for ever; packages' own maps may be missing."""

    manifest_strict = False
