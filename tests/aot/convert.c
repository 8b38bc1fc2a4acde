/* A program that knows no compiler: reads residues' atoms from one file and writes their frames to another. */
#include <stdio.h>

#include <catenary/runtime/c_api.h>

#include "frames_from_backbones.h"

enum { samples = 37, residues = 5 };

int main(int count, char** arguments) {
  static float atoms[samples][residues][3][3], frames[samples][residues][7];
  static const int64_t atoms_shape[] = {samples, residues, 3, 3}, frames_shape[] = {samples, residues, 7};
  catenary_tensor from = {"frames_from_backbones", atoms, CATENARY_F32, 4, atoms_shape};
  catenary_tensor to = {"frames_from_backbones", frames, CATENARY_F32, 3, frames_shape};
  catenary_state source = {&from, 1}, out = {&to, 1};
  catenary_draw draw = {0};
  catenary_message message;
  catenary_sampler* converter;
  FILE* file;

  if (count != 3 || !(file = fopen(arguments[1], "rb"))) return 2;
  if (fread(atoms, sizeof atoms, 1, file) != 1 || fclose(file)) return 3;
  if (catenary_load(&catenary_frames_from_backbones, 2, &converter, &message)) return 4;
  if (catenary_convert(converter, out, source, &draw, &message)) {
    fprintf(stderr, "%s\n", message.text);
    return 5;
  }
  to.rank = 2;
  if (catenary_convert(converter, out, source, &draw, &message) != CATENARY_INVALID) return 6;
  printf("%s\n", message.text);
  catenary_release(converter);

  file = fopen(arguments[2], "wb");
  if (!file || fwrite(frames, sizeof frames, 1, file) != 1) return 7;
  return fclose(file) ? 8 : 0;
}
