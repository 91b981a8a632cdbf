namespace GpuOptim.Tests.Ptx;

/// <summary>The products that Newton-Schulz asks for.</summary>
public enum ProductOperation
{
    SymmetricProduct,
    SymmetricPolynomial,
    MultiplyAdd,
}
