//! Pictures of a report.

/// A picture with a caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) alternative: String,
    pub(super) caption: String,
    pub(super) width: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// An `<svg>` element.
    Svg(String),
    /// A PNG file.
    Png(Vec<u8>),
}

impl Figure {
    /// A drawing from [`Svg::finish`](crate::report::svg::Svg::finish); the page includes it unchanged.
    ///
    /// `name` distinguishes the figures of a report and becomes part of a file name: letters, digits and hyphens are kept.
    #[must_use]
    pub fn svg(name: impl Into<String>, svg: impl Into<String>, caption: impl Into<String>) -> Self {
        Self::new(name.into(), Content::Svg(svg.into()), caption.into())
    }

    /// A picture, as the bytes of a PNG file.
    #[must_use]
    pub fn png(name: impl Into<String>, png: impl Into<Vec<u8>>, caption: impl Into<String>) -> Self {
        Self::new(name.into(), Content::Png(png.into()), caption.into())
    }

    fn new(name: String, content: Content, caption: String) -> Self {
        Self { name, content, alternative: caption.clone(), caption, width: None }
    }

    /// Sets the text for readers who cannot see the picture; the caption by default.
    #[must_use]
    pub fn alternative(self, text: impl Into<String>) -> Self {
        Self { alternative: text.into(), ..self }
    }

    /// Sets the width on the page in pixels, if there is room; small pictures are enlarged without smoothing.
    #[must_use]
    pub fn width(self, pixels: u32) -> Self {
        Self { width: Some(pixels), ..self }
    }

    /// File name extension of the picture.
    pub(super) const fn extension(&self) -> &'static str {
        match self.content {
            Content::Svg(_) => "svg",
            Content::Png(_) => "png",
        }
    }

    /// The picture's file content.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Svg(svg) => svg.as_bytes(),
            Content::Png(png) => png,
        }
    }
}
