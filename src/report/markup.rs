//! Text inside of HTML and XML.

use crate::units::inert;

/// Text as HTML and XML have it, between tags and in quotes: no markup, nothing that acts on what stands around it.
pub(super) fn escape(text: &str) -> String {
    let text = inert(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
