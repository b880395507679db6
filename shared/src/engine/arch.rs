//! Fast kernels: one network loop, thin instruction sets below it, chosen at run time.
//!
//! ```text
//! Isa --Kernels--> Engine (layout.rs: steps, maps) --> tile (loops over Vector) --> avx512vnni, ... (Vector)
//! ```
//! Every instruction set gives the same bits as the scalar kernels. Only this module contains unsafe code or depends on the
//! architecture.

#![allow(unsafe_code)]
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

#[macro_use]
mod instruction_set;

mod kernels;
mod layout;
mod memory;
mod packed;
#[cfg(feature = "std")]
mod pool;
mod tile;
mod vector;
mod winograd;

#[cfg(target_arch = "x86_64")]
mod avx512vnni;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod ymm;

use core::fmt;

pub(crate) use kernels::Kernels;
pub(crate) use layout::{Arena, Engine};

/// An instruction set with kernels for the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// None: plain Rust, the oracle for the others.
    Scalar,
    /// x86-64 with AVX2: 16-bit products.
    Avx2,
    /// x86-64 with AVX-VNNI: 256-bit dot products.
    AvxVnni,
    /// x86-64 with AVX-512 and VNNI: 512-bit dot products.
    Avx512Vnni,
    /// aarch64: 8-bit products (Cortex-A72, Raspberry Pi 4).
    Neon,
    /// aarch64 with dot products (Cortex-A76, Raspberry Pi 5).
    NeonDotprod,
    /// aarch64 with dot products of mixed signs.
    NeonI8mm,
}

/// Why an instruction set cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No instruction set of [`Isa::ALL`] has this name.
    #[error(
        "there is no instruction set of that name; choose from scalar, avx2, avxvnni, avx512vnni, neon, neon-dotprod and neon-i8mm"
    )]
    Unknown,
    /// This machine lacks the instruction set.
    #[error("this machine lacks the instruction set {0}")]
    Absent(Isa),
}

impl Isa {
    /// All instruction sets, the fastest of each architecture last.
    pub const ALL: [Self; 7] =
        [Self::Scalar, Self::Avx2, Self::AvxVnni, Self::Avx512Vnni, Self::Neon, Self::NeonDotprod, Self::NeonI8mm];

    /// The fastest on this machine; without feature `std`, the fastest the program was compiled for.
    #[must_use]
    pub fn detect() -> Self {
        Self::ALL.into_iter().rev().find(|isa| isa.is_available()).unwrap_or(Self::Scalar)
    }

    /// Whether this machine has it and this build has its kernels.
    #[must_use]
    pub fn is_available(self) -> bool {
        self == Self::Scalar || self.kernels().is_some()
    }

    /// Name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avxvnni",
            Self::Avx512Vnni => "avx512vnni",
            Self::Neon => "neon",
            Self::NeonDotprod => "neon-dotprod",
            Self::NeonI8mm => "neon-i8mm",
        }
    }

    /// The instruction set called `name`.
    ///
    /// # Errors
    /// [`IsaError`] if the name is unknown or this machine lacks the instruction set.
    pub fn named(name: &str) -> Result<Self, IsaError> {
        let isa = Self::ALL.into_iter().find(|isa| isa.name() == name).ok_or(IsaError::Unknown)?;
        if isa.is_available() { Ok(isa) } else { Err(IsaError::Absent(isa)) }
    }

    /// Multiplies in registers only, `rounds` times, as fast as this machine can. Returns the number of multiply-accumulate
    /// operations, for the caller to divide by the time taken; `None` without kernels.
    #[must_use]
    pub fn multiply_in_registers(self, rounds: u32) -> Option<u64> {
        self.kernels().map(|kernels| kernels.ceiling(rounds))
    }

    /// Its kernels, if the machine has it and this build includes them.
    pub(crate) fn kernels(self) -> Option<Kernels> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => ymm::avx2::kernels(),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => ymm::avxvnni::kernels(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => avx512vnni::kernels(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => neon::plain::kernels(),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDotprod => neon::dotprod::kernels(),
            #[cfg(target_arch = "aarch64")]
            Self::NeonI8mm => neon::i8mm::kernels(),
            _ => None,
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
