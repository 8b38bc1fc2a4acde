// The catenary dialect: declarations (process, law), pipelines over one point, and draws on their way to Philox words.
#ifndef CATENARY_DIALECT
#define CATENARY_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def Catenary_Dialect : Dialect {
  let name = "catenary";
  let cppNamespace = "::catenary";
  let summary = "Stochastic processes held at both ends";
  let description = [{
    A module holds one joint process: a `catenary.process` per component with its laws, and a `catenary.pipeline` per
    question. Values are those of one point: f32, i32 or i1, as numbers or as small tensors of static shape. Elementwise
    arithmetic is that of the arith and math dialects, loops are those of scf.
  }];
}

class Catenary_Op<string mnemonic, list<Trait> traits = []> : Op<Catenary_Dialect, mnemonic, traits>;

def Catenary_Number : AnyTypeOf<[F32, I32, I1]>;
def Catenary_Value : AnyTypeOf<[F32, I32, I1, StaticShapeTensorOf<[F32, I32, I1]>], "a number or a tensor of static shape">;
def Catenary_Floats : AnyTypeOf<[F32, StaticShapeTensorOf<[F32]>, VectorOfAnyRankOf<[F32]>]>;
def Catenary_Word : AnyTypeOf<[I32, VectorOfRankAndType<[1], [I32]>]>;
def Catenary_Block : AnyTypeOf<[I64, VectorOfRankAndType<[1], [I64]>]>;
def Catenary_Float : AnyTypeOf<[F32, VectorOfRankAndType<[1], [F32]>]>;
def Catenary_Flag : AnyTypeOf<[I1, VectorOfRankAndType<[1], [I1]>]>;

class Catenary_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::catenary";
}

def Catenary_Role : Catenary_Enum<"Role", "what an operand of a pipeline holds",
    [I32EnumAttrCase<"x0", 0>, I32EnumAttrCase<"xt", 1>, I32EnumAttrCase<"estimate", 2>, I32EnumAttrCase<"xs", 4>, I32EnumAttrCase<"source", 9>]>;
def Catenary_Drawn : Catenary_Enum<"Drawn", "the law of a draw",
    [I32EnumAttrCase<"normal", 0>, I32EnumAttrCase<"uniform", 1>, I32EnumAttrCase<"bits", 2>]>;
def Catenary_Combine : Catenary_Enum<"Combine", "how a reduction combines",
    [I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"min", 1>, I32EnumAttrCase<"max", 2>]>;

// ---- Declarations ----------------------------------------------------------------------------------------------------------

def ProcessOp : Catenary_Op<"process", [Symbol, SymbolTable, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "a component of the joint process: its space, the kind of estimate, its laws";
  let description = [{
    `component` is its place in the joint: part of the counter of each of its draws. `forbids` are the categories that its logits
    never give. A conversion is a process too: of `estimates` it takes the source, and it gives the `points`.

    ```mlir
    catenary.process @place 0 on "sphere" points tensor<3xf32> estimates "endpoint" tensor<3xf32> {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$component, StrAttr:$space, TypeAttr:$point,
                       StrAttr:$estimate_kind, TypeAttr:$estimate, DefaultValuedAttr<I64Attr, "0">:$categories,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$forbidden, DefaultValuedAttr<StrAttr, "\"\"">:$sites);
  let regions = (region SizedRegion<1>:$laws);
  let assemblyFormat = [{
    $sym_name $component `on` $space `points` $point `estimates` $estimate_kind $estimate (`categories` $categories^)?
    (`forbids` $forbidden^)? (`sites` $sites^)? attr-dict-with-keyword $laws
  }];
}

def LawOp : Catenary_Op<"law", [Symbol, FunctionOpInterface, IsolatedFromAbove, SingleBlock, HasParent<"ProcessOp">]> {
  let summary = "a draw, or a value such as a density, as a function of the point's values and the times";
  let description = [{
    ```mlir
    catenary.law @forward(%x0: f32, %t: f32) -> f32 {
      %z = catenary.draw normal : f32
      %d = math.sqrt %t : f32
      %x = math.fma %d, %z, %x0 : f32
      catenary.yield %x : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    llvm::ArrayRef<mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    llvm::ArrayRef<mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def YieldOp : Catenary_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a law or a sample part with its values";
  let arguments = (ins Variadic<Catenary_Value>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def PipelineOp : Catenary_Op<"pipeline", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "one question answered at one point for the components of one set of sites";
  let description = [{
    `draws` is set by assign-draws: the most numbers that a point takes of one stream on one trip. `numbers` is set by
    split-points: so many of these points are one of the caller's. `group` is set by group-points: the number of
    consecutive points that draw an even number of words together.

    ```mlir
    catenary.pipeline @forward asks "forward" {
      %t = catenary.time "t"
      %x0 = catenary.input x0 of @angle : f32
      %x = catenary.apply @angle::@forward(%x0, %t) : (f32, f32) -> f32
      catenary.output %x of @angle : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$question, DefaultValuedAttr<StrAttr, "\"\"">:$sites,
                       OptionalAttr<I64Attr>:$draws, DefaultValuedAttr<I64Attr, "1">:$numbers,
                       OptionalAttr<I32Attr>:$group);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `asks` $question (`sites` $sites^)? (`draws` $draws^)? (`numbers` $numbers^)? (`group` $group^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

// ---- A pipeline's border ------------------------------------------------------------------------------------------------------

def TimeOp : Catenary_Op<"time", [Pure]> {
  let summary = "a time of the point's sample";
  let arguments = (ins StrAttr:$time);
  let results = (outs F32:$result);
  let assemblyFormat = "$time attr-dict";
}

def InputOp : Catenary_Op<"input", [Pure]> {
  let summary = "a value that the caller gives for this point";
  let description = [{
    The whole value, or the elements of it that begin at a computed index; after unpack-points one `element` of it, or one
    of the `run` elements that begin at a computed index. `slot` is the point's place in its group.

    ```mlir
    %x = catenary.input x0 of @place : tensor<3xf32>
    %s = catenary.input x0 of @atoms at %k : tensor<12xf32>
    %y = catenary.input x0 of @place element 1 slot 2 : f32
    %l = catenary.input estimate of @region at %k : f32
    %m = catenary.input estimate of @region element 3 at %k run 16 : f32
    ```
  }];
  let arguments = (ins Catenary_Role:$role, FlatSymbolRefAttr:$component, OptionalAttr<I64Attr>:$element,
                       Optional<I32>:$index, OptionalAttr<I64Attr>:$run, OptionalAttr<I64Attr>:$slot);
  let results = (outs Catenary_Value:$result);
  let assemblyFormat = [{
    $role `of` $component (`element` $element^)? (`at` $index^)? (`run` $run^)? (`slot` $slot^)? attr-dict `:`
    type($result)
  }];
}

def OutputOp : Catenary_Op<"output"> {
  let summary = "the point's new value, density or score, for the caller";
  let description = "As of catenary.input. The elements of a run stand one after another, from the first on.";
  let arguments = (ins Catenary_Value:$value, FlatSymbolRefAttr:$component, OptionalAttr<I64Attr>:$element,
                       Optional<I32>:$index, OptionalAttr<I64Attr>:$run, OptionalAttr<I64Attr>:$slot);
  let assemblyFormat = [{
    $value `of` $component (`element` $element^)? (`at` $index^)? (`run` $run^)? (`slot` $slot^)? attr-dict `:`
    type($value)
  }];
}

def ApplyOp : Catenary_Op<"apply", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a component's law applied";
  let arguments = (ins SymbolRefAttr:$law, Variadic<Catenary_Value>:$arguments);
  let results = (outs Catenary_Value:$result);
  let assemblyFormat = "$law `(` $arguments `)` attr-dict `:` functional-type(operands, results)";
}

def SampleOp : Catenary_Op<"sample", [SingleBlock, RecursiveMemoryEffects]> {
  let summary = "what depends on the sample's times alone: computed once per sample";
  let description = [{
    ```mlir
    %decay = catenary.sample {
      %t = catenary.time "t"
      %e = math.exp %t : f32
      catenary.yield %e : f32
    } : f32
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<Catenary_Number>:$coefficients);
  let assemblyFormat = "$body attr-dict (`:` type($coefficients)^)?";
  let hasVerifier = 1;
}

def CoefficientOp : Catenary_Op<"coefficient", [Pure, SameOperandsAndResultType]> {
  let summary = "a value of the sample part, as seen by one slot of a group";
  let arguments = (ins Catenary_Number:$value, I64Attr:$slot);
  let results = (outs Catenary_Number:$result);
  let assemblyFormat = "$value `slot` $slot attr-dict `:` type($result)";
}

// ---- Values of one point ----------------------------------------------------------------------------------------------------

def DrawOp : Catenary_Op<"draw", [AttrSizedOperandSegments]> {
  let summary = "independent draws: standard normals, uniforms in [0, 1), or 32-bit words";
  let description = [{
    inline-laws gives the `component`, assign-draws the place in the counter layout: the `stream` word, the index of the
    `first` of the draws, their number `per_point`, and in loops the `trip`. strip-points takes those that begin at a
    computed `index`, a multiple of 4, after the first.

    ```mlir
    %z = catenary.draw normal : tensor<3xf32>
    %s = catenary.draw normal at %k {component = 0 : i32, first = 0 : i64, per_point = 900 : i64, stream = 2 : i32} : tensor<12xf32>
    %w = catenary.draw bits trip %i {component = 0 : i32, first = 0 : i64, per_point = 2 : i64, stream = 3 : i32} : i32
    ```
  }];
  let arguments = (ins Catenary_Drawn:$drawn, Optional<I32>:$trip, Optional<I32>:$index, OptionalAttr<I32Attr>:$component,
                       OptionalAttr<I32Attr>:$stream, OptionalAttr<I64Attr>:$first, OptionalAttr<I64Attr>:$per_point);
  let results = (outs Catenary_Value:$result);
  let assemblyFormat = "$drawn (`trip` $trip^)? (`at` $index^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def ReduceOp : Catenary_Op<"reduce", [Pure]> {
  let summary = "the sum, least or greatest of all elements, from the first to the last";
  let arguments = (ins Catenary_Combine:$combine, StaticShapeTensorOf<[F32, I32]>:$value);
  let results = (outs Catenary_Number:$result);
  let assemblyFormat = "$combine $value attr-dict `:` type($value) `->` type($result)";
  let hasVerifier = 1;
}

def DotOp : Catenary_Op<"dot", [Pure, SameTypeOperands]> {
  let summary = "the sum of the products of elements: a chain of fma from the first to the last";
  let arguments = (ins StaticShapeTensorOf<[F32]>:$lhs, StaticShapeTensorOf<[F32]>:$rhs);
  let results = (outs F32:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
}

def MatMulOp : Catenary_Op<"matmul", [Pure]> {
  let summary = "[n, k] by [k, m], or [n, k] by [k]; each element a chain of fma";
  let arguments = (ins StaticShapeTensorOf<[F32]>:$lhs, StaticShapeTensorOf<[F32]>:$rhs);
  let results = (outs StaticShapeTensorOf<[F32]>:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def AtOp : Catenary_Op<"at", [Pure]> {
  let summary = "the element at a computed index, or the run that begins there, clamped to the vector";
  let description = "After unpack-points of tables alone, and not clamped: an `element` lies so many behind the index.";
  let arguments = (ins StaticShapeTensorOf<[F32, I32]>:$vector, AnyTypeOf<[I32, VectorOfRankAndType<[1], [I32]>]>:$index,
                       OptionalAttr<I64Attr>:$element);
  let results = (outs AnyTypeOf<[F32, I32, VectorOfRankAndType<[1], [F32, I32]>, StaticShapeTensorOf<[F32, I32]>]>:$result);
  let assemblyFormat = "$vector `[` $index `]` (`element` $element^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def KeepOp : Catenary_Op<"keep"> {
  let summary = "numbers of a point that a later loop takes up, in an array";
  let description = [{
    An array of `size` numbers holds those of one point at a time. The numbers stand in it from the index on; after
    unpack-points one of them, `element` behind it.

    ```mlir
    catenary.keep %z in 0 of 300 at %k : tensor<12xf32>
    %y = catenary.kept 0 of 300 at %k : tensor<12xf32>
    %w = catenary.kept 0 of 300 element 3 at %k : f32
    ```
  }];
  let arguments = (ins Catenary_Value:$value, I64Attr:$array, I64Attr:$size, OptionalAttr<I64Attr>:$element, I32:$index);
  let assemblyFormat = "$value `in` $array `of` $size (`element` $element^)? `at` $index attr-dict `:` type($value)";
}

def KeptOp : Catenary_Op<"kept"> {
  let summary = "numbers that catenary.keep has kept";
  let arguments = (ins I64Attr:$array, I64Attr:$size, OptionalAttr<I64Attr>:$element, I32:$index);
  let results = (outs Catenary_Value:$result);
  let assemblyFormat = "$array `of` $size (`element` $element^)? `at` $index attr-dict `:` type($result)";
}

def AnyOp : Catenary_Op<"any", [Pure]> {
  let summary = "true where one of the flags is, at any point that runs along; or at `many`, a quarter of them";
  let arguments = (ins Variadic<Catenary_Flag>:$flags, UnitAttr:$many);
  let results = (outs I1:$result);
  let assemblyFormat = "(`many` $many^)? $flags attr-dict `:` type($flags)";
}

def RetryOp : Catenary_Op<"retry", [SingleBlock, AttrSizedOperandSegments]> {
  let summary = "a loop that draws, taken up at the points that want another trip";
  let description = [{
    The body is one trip of one point: given what the point carries, the number of the trip last, and what else it depends
    on, it tells whether the point wants another, and what it carries then. It runs where `active`, until the point wants no
    more. mask-loops makes it of one point; of a group, `active` has a flag for each slot, and every other operand and
    result stands once for each slot, slots together.

    ```mlir
    %r:2 = catenary.retry %active carried(%x, %trip) captured(%v) {
    ^bb0(%x_n: f32, %n: i32, %v_n: f32):
      ...
      catenary.yield %more, %next, %then : i1, f32, i32
    } : i1 carried (f32, i32) captured (f32) -> (f32, i32)
    ```
  }];
  let arguments = (ins Variadic<I1>:$active, Variadic<Catenary_Number>:$carried, Variadic<Catenary_Number>:$captured);
  let results = (outs Variadic<Catenary_Number>:$values);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $active `carried` `(` $carried `)` (`captured` `(` $captured^ `)`)? $body attr-dict
    `:` type($active) `carried` `(` type($carried) `)` (`captured` `(` type($captured)^ `)`)? `->` `(` type($values) `)`
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t slots() { return int64_t(getActive().size()); }
    mlir::ValueRange carriedArguments() { return getBody().front().getArguments().take_front(getCarried().size() / size_t(slots())); }
    mlir::ValueRange capturedArguments() { return getBody().front().getArguments().drop_front(getCarried().size() / size_t(slots())); }
    /// What slot `slot` has of the `k`-th value of `all`.
    mlir::Value of(mlir::ValueRange all, size_t k, int64_t slot) { return all[k * size_t(slots()) + size_t(slot)]; }
  }];
}

// ---- Words ----------------------------------------------------------------------------------------------------------------------

def WordsOp : Catenary_Op<"words", [Pure, AttrSizedOperandSegments]> {
  let summary = "two consecutive words of a group's draws from a stream";
  let description = [{
    Group `number` draws 2 `pairs` words from the stream: those of indices 2 pairs number onwards, of which this is pair
    `pair`. In a loop they are those of its `trip`, or those that lie `index` words, a multiple of 4, behind.

    ```mlir
    %w:2 = catenary.words %seed, %number, %step stream 3 pair 0 of 1
    ```
  }];
  let arguments = (ins I64:$seed, I64:$number, I32:$step, Optional<I32>:$trip, Optional<I32>:$index, I32Attr:$stream,
                       I64Attr:$pair, I64Attr:$pairs);
  let results = (outs I32:$w0, I32:$w1);
  let assemblyFormat = "$seed `,` $number `,` $step (`trip` $trip^)? (`at` $index^)? `stream` $stream `pair` $pair `of` $pairs attr-dict";
  let hasVerifier = 1;
}

def PhiloxOp : Catenary_Op<"philox", [Pure, AllTypesMatch<["block", "w0", "w1", "w2", "w3"]>]> {
  let summary = "the four words of Philox4x32-10 blocks";
  let description = [{
    Counter words 0 and 1 are the halves of `block`, 2 is `step`, 3 is `stream`; the key is `seed`. A word is the lower half of
    its i64; what the upper half holds is not said.

    ```mlir
    %w:4 = catenary.philox %seed, %block, %step stream 3 : vector<8xi64>
    ```
  }];
  let arguments = (ins I64:$seed, Catenary_Block:$block, I32:$step, I32Attr:$stream);
  let results = (outs Catenary_Block:$w0, Catenary_Block:$w1, Catenary_Block:$w2, Catenary_Block:$w3);
  let assemblyFormat = "$seed `,` $block `,` $step `stream` $stream attr-dict `:` type($block)";
}

def BoxMullerOp : Catenary_Op<"box_muller", [Pure, SameTypeOperands, AllTypesMatch<["z0", "z1"]>]> {
  let summary = "the two standard normals of two words";
  let arguments = (ins Catenary_Word:$w0, Catenary_Word:$w1);
  let results = (outs Catenary_Float:$z0, Catenary_Float:$z1);
  let assemblyFormat = "$w0 `,` $w1 attr-dict `:` type($w0) `->` type($z0)";
}

def UniformOfOp : Catenary_Op<"uniform_of", [Pure]> {
  let summary = "the upper 24 bits of a word as a number in [0, 1)";
  let arguments = (ins Catenary_Word:$word);
  let results = (outs Catenary_Float:$result);
  let assemblyFormat = "$word attr-dict `:` type($word) `->` type($result)";
}

#endif
