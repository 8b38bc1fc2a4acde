// A stream word has eight bits for the loop: 255 loops that draw fit, the 256th does not.
// RUN: python3 -c "print('catenary.pipeline @p asks \"prior\" { %%a = arith.constant 0 : index %%b = arith.constant 1 : index'); [print('scf.for %%i = %%a to %%b step %%b { %%z = catenary.draw normal {component = 0 : i32} : f32 }') for k in range(256)]; print('}')" > %t
// RUN: not catenary-opt %t --assign-draws 2>&1 | FileCheck %s
// RUN: head -n 256 %t > %t.fits
// RUN: echo "}" >> %t.fits
// RUN: catenary-opt %t.fits --assign-draws | FileCheck %s --check-prefix=FITS

// CHECK: :257:1: error: 'scf.for' op is the 256th loop of its component that draws; at most 255 may
// FITS: stream = 65280 : i32
