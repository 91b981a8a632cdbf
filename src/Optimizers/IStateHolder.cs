using GpuOptim.Host;
using GpuOptim.Optimizers.Checkpoints;

namespace GpuOptim.Optimizers;

/// <summary>Has the state that an optimizer only declares.</summary>
internal interface IStateHolder
{
    /// <summary>What a state tensor holds now.</summary>
    /// <param name="parameter">The parameter that it is of.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="elementsEach">How many elements of the parameter share one of its.</param>
    TensorBytes Read(Parameter parameter, string name, ElementType type, int elementsEach);
}
