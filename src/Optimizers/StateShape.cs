namespace GpuOptim.Optimizers;

/// <summary>Which elements of a parameter share a number of its state.</summary>
public enum StateShape
{
    /// <summary>None do: state has the parameter's shape, a number for each element.</summary>
    Elements,

    /// <summary>
    /// Those of a neuron, which is an index of the first dimension: a row of a matrix, an output channel of a convolution. State has the parameter's shape with
    /// 1 for all other dimensions, <c>[rows, 1]</c>, and is float whatever the parameter's type and <see cref="OptimizerOptions.StatePrecision"/>: there is little to save.
    /// </summary>
    Neurons,

    /// <summary>
    /// Those of a row, along the last dimension. Only tensors of two dimensions and more have it: of the parameter's shape, with 1 for the last dimension, and float as
    /// neurons' is.
    /// </summary>
    Rows,

    /// <summary>Those of a column, along the last dimension but one, of tensors of two dimensions and more: of the parameter's shape, with 1 there, and float.</summary>
    Columns,

    /// <summary>None do, but only tensors of fewer than two dimensions have it: those for which there are neither <see cref="Rows"/> nor <see cref="Columns"/>.</summary>
    ElementsOfVectors,
}
