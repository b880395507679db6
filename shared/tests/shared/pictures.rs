//! Picture files as people have them: what is decoded comes out right, and the rest is refused with the right word. Every file is
//! written here, byte by byte, so that its pixels are known without another decoder.

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
