"""Languages: texts by key, per reader."""

from pms.kernel.i18n.translator import Translator as Translator
