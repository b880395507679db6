//! Real-life picture files: supported ones decode correctly, others are refused with the right reason. Every file is written here,
//! byte by byte, so that its pixels are known without another decoder.

#[path = "pictures/bmp.rs"]
mod bmp;
#[path = "pictures/drawn.rs"]
mod drawn;
#[path = "pictures/jpeg.rs"]
mod jpeg;
#[path = "pictures/jpeg_writer.rs"]
mod jpeg_writer;
#[path = "pictures/kinds.rs"]
mod kinds;
#[path = "pictures/libjpeg.rs"]
mod libjpeg;
#[path = "pictures/libtiff.rs"]
mod libtiff;
#[path = "pictures/png.rs"]
mod png;
#[path = "pictures/png_writer.rs"]
mod png_writer;
#[path = "pictures/tiff.rs"]
mod tiff;
#[path = "pictures/tiff_writer.rs"]
mod tiff_writer;
