namespace GpuOptim.Tests.VirtualCard.Simulator;

/// <summary>
/// A product of square matrices of bfloat16 as tensor cores are used: tiles of 64 by 64 and four warps, a depth of 32 in two stages that cp.async
/// fills by turns, ldmatrix, mma.
/// </summary>
internal static class GemmProgram
{
    private const int TileDepth = 32, RowA = TileDepth * 2 + 16, RowB = 64 * 2 + 16, StageA = 64 * RowA, StageB = TileDepth * RowB;

    /// <summary>What may be left out, to see whether it is missed.</summary>
    public enum Defect
    {
        None,
        Wait,
        Barrier,
        SecondBarrier,
    }

    public static string Write(int size, Defect defect = Defect.None)
    {
        var body = $"""
            .reg .pred %p<4>; .reg .b32 %r<80>; .reg .b64 %d<40>; .reg .f32 acc<32>; .reg .b32 fa<8>, fb<8>;
            .shared .align 128 .b8 sa[{2 * StageA}]; .shared .align 128 .b8 sb[{2 * StageB}];
            mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r10, sa; mov.u32 %r11, sb;
            shr.u32 %r3, %r0, 5; and.b32 %r4, %r0, 31; and.b32 %r5, %r3, 1; shr.u32 %r6, %r3, 1;   // the warp's columns and rows
            {Lines(32, i => $"mov.f32 acc{i}, 0f00000000;")}
            mov.u32 %r30, 0; mov.u32 %r31, 0;                                                     // stage and depth
            {Load(size, "%r30", "%r31")}
            LOOP:
            add.u32 %r32, %r31, {TileDepth}; setp.ge.u32 %p1, %r32, {size}; xor.b32 %r33, %r30, 1;
            @%p1 bra LAST;
            {Load(size, "%r33", "%r32")}
            cp.async.wait_group {(defect == Defect.Wait ? 2 : 1)};
            bra.uni GO;
            LAST:
            cp.async.wait_group 0;
            GO:
            {(defect == Defect.Barrier ? "" : "bar.sync 0;")}
            {Multiply()}
            {(defect == Defect.SecondBarrier ? "" : "bar.sync 0;")}
            mov.u32 %r31, %r32; mov.u32 %r30, %r33; @!%p1 bra LOOP;
            {Store(size)}
            ret;
            """;
        return PtxProgram.Kernel("u64 a, u64 b, u64 c", body);
    }

    /// <summary>Both tiles, 256 pieces of 16 bytes each, two for each thread.</summary>
    private static string Load(int size, string stage, string depth) => $"""
        mul.lo.u32 %r20, {stage}, {StageA}; add.u32 %r20, %r20, %r10;
        mul.lo.u32 %r21, {stage}, {StageB}; add.u32 %r21, %r21, %r11;
        {Lines(2, piece => $"""
            add.u32 %r22, %r0, {128 * piece}; shr.u32 %r23, %r22, 2; and.b32 %r24, %r22, 3;
            mad.lo.u32 %r25, %r23, {RowA}, %r20; mad.lo.u32 %r25, %r24, 16, %r25;
            mad.lo.u32 %r26, %r2, 64, %r23; mul.lo.u32 %r26, %r26, {size}; add.u32 %r26, %r26, {depth};
            mad.lo.u32 %r26, %r24, 8, %r26; mul.wide.u32 %d1, %r26, 2; add.u64 %d1, %d1, %a;
            cp.async.cg.shared.global [%r25], [%d1], 16;
            shr.u32 %r23, %r22, 3; and.b32 %r24, %r22, 7;
            mad.lo.u32 %r25, %r23, {RowB}, %r21; mad.lo.u32 %r25, %r24, 16, %r25;
            add.u32 %r26, {depth}, %r23; mul.lo.u32 %r26, %r26, {size}; mad.lo.u32 %r26, %r1, 64, %r26;
            mad.lo.u32 %r26, %r24, 8, %r26; mul.wide.u32 %d1, %r26, 2; add.u64 %d1, %d1, %b;
            cp.async.cg.shared.global.L2::128B [%r25], [%d1], 16;
            """)}
        cp.async.commit_group;
        """;

    /// <summary>Rows of A by lane and half of the depth; of B sixteen rows of sixteen columns, two fragments.</summary>
    private static string Multiply() => $$"""
        mul.lo.u32 %r40, %r30, {{StageA}}; add.u32 %r40, %r40, %r10;
        mul.lo.u32 %r41, %r30, {{StageB}}; add.u32 %r41, %r41, %r11;
        {{Lines(2, half => $$"""
            {{Lines(2, m => $$"""
                and.b32 %r42, %r4, 15; shr.u32 %r43, %r4, 4; mad.lo.u32 %r42, %r6, 32, %r42;
                add.u32 %r42, %r42, {{16 * m}};
                mad.lo.u32 %r44, %r42, {{RowA}}, %r40; mad.lo.u32 %r44, %r43, 16, %r44;
                ldmatrix.sync.aligned.m8n8.x4.shared.b16 {{List("fa", 4 * m, 4)}}, [%r44+{{32 * half}}];
                """)}}
            {{Lines(2, n => $$"""
                and.b32 %r42, %r4, 15; shr.u32 %r43, %r4, 4; add.u32 %r42, %r42, {{16 * half}};
                mad.lo.u32 %r44, %r42, {{RowB}}, %r41; mad.lo.u32 %r45, %r5, 32, {{16 * n}};
                mad.lo.u32 %r45, %r43, 8, %r45; mad.lo.u32 %r44, %r45, 2, %r44;
                ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {{List("fb", 4 * n, 4)}}, [%r44];
                """)}}
            {{Lines(8, i => $"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {List("acc", 4 * i, 4)}, {List("fa", i / 4 * 4, 4)}, {List("fb", i % 4 * 2, 2)}, {List("acc", 4 * i, 4)};")}}
            """)}}
        """;

    private static string Store(int size) => $$"""
        shr.u32 %r50, %r4, 2; and.b32 %r51, %r4, 3;
        {{Lines(16, i => $$"""
            mad.lo.u32 %r52, %r2, 64, %r50; mad.lo.u32 %r52, %r6, 32, %r52; add.u32 %r52, %r52, {{i / 8 * 16 + i % 2 * 8}};
            mad.lo.u32 %r53, %r1, 64, {{i / 2 % 4 * 8}}; mad.lo.u32 %r53, %r5, 32, %r53; mad.lo.u32 %r53, %r51, 2, %r53;
            mad.lo.u32 %r52, %r52, {{size}}, %r53; mul.wide.u32 %d1, %r52, 4; add.u64 %d1, %d1, %c;
            st.global.v2.f32 [%d1], {{List("acc", 2 * i, 2)}};
            """)}}
        """;

    private static string Lines(int count, Func<int, string> line) => string.Join('\n', Enumerable.Range(0, count).Select(line));

    private static string List(string name, int start, int count) => $"{{{string.Join(", ", Enumerable.Range(start, count).Select(i => $"{name}{i}"))}}}";
}
