"""What did a vendor bill, in our meters?"""
