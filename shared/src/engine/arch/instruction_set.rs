//! The processor features of an instruction set, its kernels, and the layout they need.
//!
//! [`features!`] is the only list of features. Both the run-time detection and the functions' `target_feature` come from it, so no
//! function can enable a feature that was not detected.

/// Calls a macro with the features of an instruction set, named as in [`Isa`](super::Isa): `features!(Avx2 => then! rest)` is
/// `then! { ["avx2"] rest }`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! features {
    (Avx2 => $then:ident! $($rest:tt)*) => { $then! { ["avx2"] $($rest)* } };
    (AvxVnni => $then:ident! $($rest:tt)*) => { $then! { ["avx2", "avxvnni"] $($rest)* } };
    (Avx512Vnni => $then:ident! $($rest:tt)*) => {
        $then! { ["avx512f", "avx512bw", "avx512vl", "avx512vnni"] $($rest)* }
    };
    (Neon => $then:ident! $($rest:tt)*) => { $then! { ["neon"] $($rest)* } };
    (NeonDotprod => $then:ident! $($rest:tt)*) => { $then! { ["neon", "dotprod"] $($rest)* } };
    (NeonI8mm => $then:ident! $($rest:tt)*) => { $then! { ["neon", "i8mm"] $($rest)* } };
}

/// Whether the machine has all the features; without `std`, whether the program was compiled for them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! detected {
    ([$($feature:tt),+]) => {{
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        let detected = [$(std::arch::is_x86_feature_detected!($feature)),+].into_iter().all(|there| there);
        #[cfg(all(feature = "std", target_arch = "aarch64"))]
        let detected = [$(std::arch::is_aarch64_feature_detected!($feature)),+].into_iter().all(|there| there);
        #[cfg(not(feature = "std"))]
        let detected = cfg!(all($(target_feature = $feature),+));
        detected
    }};
}

/// A function with some features enabled.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! enabling {
    ([$($feature:tt),+] $($function:tt)+) => {
        #[target_feature($(enable = $feature),+)]
        $($function)+
    };
}

/// The kernels over a [`Vector`](super::vector::Vector) as functions with some features enabled, and `kernels()`, which returns
/// them if the machine has these features. The number of sums, and the register class and template for `asm!`, serve to measure the
/// instruction set's limit. `by_winograd` if the vector is also [`Winograd`](super::winograd::Winograd).
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! kernels {
    ($features:tt $vector:ty, $sums:literal sums, $register:ident $template:literal) => {
        kernels!(@functions $features $vector, $sums, $register, $template);

        /// The kernels, where the machine has the instruction set.
        pub(crate) fn kernels() -> Option<$crate::engine::arch::Kernels> {
            // SAFETY: the functions enable the detected features and call those of `tile` for the vector.
            detected!($features).then(|| unsafe {
                $crate::engine::arch::Kernels::new::<$vector>(convolve_units, dense_blocks, ceiling)
            })
        }
    };
    ($features:tt $vector:ty, $sums:literal sums, $register:ident $template:literal, by_winograd) => {
        kernels!(@functions $features $vector, $sums, $register, $template);

        enabling! { $features
            /// # Safety
            /// As for [`winograd::convolve`](crate::engine::arch::winograd::convolve).
            unsafe fn convolve_tiles(
                task: &$crate::engine::arch::tile::Convolution,
                tiles: core::ops::Range<usize>,
                scratch: *mut u8,
            ) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::winograd::convolve::<$vector>(task, tiles, scratch) }
            }
        }

        /// The kernels, where the machine has the instruction set.
        pub(crate) fn kernels() -> Option<$crate::engine::arch::Kernels> {
            // SAFETY: the functions enable the detected features and call those of `tile` and `winograd` for the vector.
            detected!($features).then(|| unsafe {
                $crate::engine::arch::Kernels::new::<$vector>(convolve_units, dense_blocks, ceiling)
                    .with_winograd::<$vector>(convolve_tiles)
            })
        }
    };
    (@functions $features:tt $vector:ty, $sums:literal, $register:ident, $template:literal) => {
        enabling! { $features
            /// # Safety
            /// As for [`tile::convolve`](crate::engine::arch::tile::convolve).
            unsafe fn convolve_units(
                task: &$crate::engine::arch::tile::Convolution,
                units: core::ops::Range<usize>,
                ahead: $crate::engine::arch::tile::Ahead,
            ) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::tile::convolve::<$vector>(task, units, ahead) }
            }
        }

        enabling! { $features
            /// # Safety
            /// As for [`tile::dense`](crate::engine::arch::tile::dense).
            unsafe fn dense_blocks(task: &$crate::engine::arch::tile::Dense, blocks: core::ops::Range<usize>) {
                // SAFETY: as the caller promises.
                unsafe { $crate::engine::arch::tile::dense::<$vector>(task, blocks) }
            }
        }

        enabling! { $features
            /// # Safety
            /// The machine has the instruction set.
            unsafe fn ceiling(rounds: u32) -> u64 {
                // SAFETY: as the caller promises; the assembly is no instruction at all.
                unsafe {
                    $crate::engine::arch::tile::multiply_in_registers::<$vector, $sums>(rounds, |group| {
                        let mut group = group;
                        core::arch::asm!(
                            $template,
                            inout($register) group,
                            options(pure, nomem, nostack, preserves_flags),
                        );
                        group
                    })
                }
            }
        }
    };
}
