namespace VirtualCard.Driver.Cards;

/// <summary>A card of the machine.</summary>
internal sealed class Card(int ordinal, CardModel model)
{
    public int Ordinal => ordinal;

    public CardModel Model => model;

    /// <summary>Bytes of memory, which an option makes less.</summary>
    public long MemoryBytes { get; set; } = model.MemoryBytes;

    public long UsedBytes { get; set; }

    /// <summary>The context that users of the runtime share, while somebody holds it.</summary>
    public CardContext? Primary { get; set; }

    public int PrimaryHolders { get; set; }

    public uint PrimaryFlags { get; set; }

    public override string ToString() => $"card {ordinal}";
}
