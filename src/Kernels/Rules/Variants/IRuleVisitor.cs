namespace GpuOptim.Kernels.Rules.Variants;

/// <summary>What is done with the type whose loop a rule is to run in.</summary>
internal interface IRuleVisitor
{
    /// <summary>Does it.</summary>
    void Visit<TRule>() where TRule : unmanaged, IUpdateRule;
}
