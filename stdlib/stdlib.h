// All spaces and processes that come with the library.
#pragma once

#include <catenary/stdlib/categorical.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/conversions.h>
#include <catenary/stdlib/discrete_flow.h>
#include <catenary/stdlib/euclidean.h>
#include <catenary/stdlib/generator_jump.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/hyperbolic.h>
#include <catenary/stdlib/interpolation.h>
#include <catenary/stdlib/jump.h>
#include <catenary/stdlib/lattice.h>
#include <catenary/stdlib/linear_diffusion.h>
#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/stdlib/noise_schedules.h>
#include <catenary/stdlib/product.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rigid_motions.h>
#include <catenary/stdlib/rotations.h>
#include <catenary/stdlib/simplex.h>
#include <catenary/stdlib/spd.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/stdlib/torus.h>
