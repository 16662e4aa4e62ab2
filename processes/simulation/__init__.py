"""Simulation: the real models on a simulated clock, worked by made-up staff of different diligence."""
