//! Picture files as people have them: what is decoded comes out right, and the rest is refused with the right word. Every file is
//! written here, byte by byte, so that its pixels are known without another decoder.

#[path = "pictures/drawn.rs"]
mod drawn;
#[path = "pictures/jpeg.rs"]
mod jpeg;
#[path = "pictures/jpeg_writer.rs"]
mod jpeg_writer;
#[path = "pictures/libjpeg.rs"]
mod libjpeg;
