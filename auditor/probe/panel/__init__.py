"""Panels of controls: who may stand in the suspect's place, and what its rank among them says."""
