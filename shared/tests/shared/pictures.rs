//! Real-life picture files: supported ones decode correctly, others are refused with the right reason. Every file is written here,
//! byte by byte, so that its pixels are known without another decoder.

mod bmp;
mod drawn;
mod jpeg;
mod jpeg_writer;
mod kinds;
mod libjpeg;
mod libtiff;
mod png;
mod png_writer;
mod tiff;
mod tiff_writer;
