"""The trail (审计轨迹): one append-only Merkle log for each district, evidence of everything that happened."""
